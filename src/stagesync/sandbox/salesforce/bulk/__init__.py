"""Bulk API 2.0: queries and writes of many rows as jobs that take their time."""
