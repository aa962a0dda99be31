// Compiled without exceptions. Those of others pass through.
void calls(void (*function)()) { function(); }
