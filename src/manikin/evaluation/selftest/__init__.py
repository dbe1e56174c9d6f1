"""Whether the judge sees defects that are planted on purpose."""
