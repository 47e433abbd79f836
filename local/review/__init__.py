"""What a person in doubt is shown, and what they answer: the same page for a run on this machine and for AWS."""
