"""The Train screen: a form made from the recipe, the estimate, the launch."""
