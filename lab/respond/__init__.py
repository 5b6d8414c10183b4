"""Recovery without people: rules decide (pure), actions act."""
