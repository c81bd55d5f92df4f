"""The steps from an empty database to today's schema; they are only ever appended."""
