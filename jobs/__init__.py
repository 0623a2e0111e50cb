"""The command line: jobs plan runs, hand them to workers, and write what comes back."""
