"""Plays one store day with real processes and proves at the end that nothing was lost."""
