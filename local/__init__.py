"""The whole pipeline on one machine: the real state machine and handlers over an in-process AWS."""
