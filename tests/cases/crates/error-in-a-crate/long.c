long long one(void) { return 1; }
