"""stagesync: one shared definition of lead, prospect and client, kept true in every CRM."""

__version__ = "0.1.0"
