"""What each plot shows, as plain arrays: pure functions of a study, no plotting package."""
