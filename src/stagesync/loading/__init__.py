"""From files that people edit to domain values, with every problem at once and its line."""
