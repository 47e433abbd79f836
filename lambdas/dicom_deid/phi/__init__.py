"""What is PHI in a text: own-header match, identifier formats, and how evidence is combined."""
