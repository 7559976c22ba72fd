"""Carries what the spools hold into ClickHouse: in order, exactly once, for as long as it takes."""
