"""The document of a run in the eight sections of an incident document: facts first (no language), then a template in one."""
