"""The part of SOQL that integrations use: lexer, parser, and a compiler to Python closures.

Source: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/ (seen 2026-11)
"""
