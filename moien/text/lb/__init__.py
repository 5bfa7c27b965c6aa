"""Luxembourgish (placeholder until the next commit of this session)."""
