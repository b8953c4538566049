"""Carries decisions out and makes none: pull, resolve, evaluate, plan, write back, audit."""
