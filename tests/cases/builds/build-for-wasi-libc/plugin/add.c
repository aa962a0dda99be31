int add(int a, int b);

int add_one(int number) {
    return add(number, 1);
}
