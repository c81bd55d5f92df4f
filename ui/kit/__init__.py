"""The design system of the counter window: tokens, widgets and threads that know nothing of deliveries' rules."""
