"""Providers that work on this machine: no account, no network."""
