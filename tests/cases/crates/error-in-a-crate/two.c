int one(void) { return 2; }
