"""The ways out of a notice, one file each. A try makes one call and comes back as an `Answer`, whatever happened."""
