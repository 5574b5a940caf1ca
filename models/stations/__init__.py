"""What a station says of itself: boots, clock, statuses, operations, rates. Not here: sessions, faults."""
