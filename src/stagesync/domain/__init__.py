"""The definition of truth: pure functions on frozen values. No input, no output, no clock, no chance.

An instant inside the domain is a float of Unix seconds, UTC, and its name ends in `at_s`;
the edges turn it into ISO text. (A datetime per activity would cost more than its evaluation.)
"""
