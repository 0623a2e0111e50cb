"""Engines: the same dynamics, arranged for a device. Each is checked against independent code."""
