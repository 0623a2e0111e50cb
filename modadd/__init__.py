"""The science of the laboratory: the network, the force law, the structures and their statistics.

This package knows no database and no web page; importing it loads no torch.
"""

__version__ = "0.1.0"
