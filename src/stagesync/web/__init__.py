"""The web server of the daemon: what CRMs call.

Where it listens and how the outside reaches it stands in the settings; without them there is none.
"""
