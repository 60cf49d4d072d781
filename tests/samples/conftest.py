"""Samples are distributions of their own; tests/flows/test_stranger.py runs their tests."""

collect_ignore_glob = ["*/*"]
