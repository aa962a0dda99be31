// The objects of two modules.
struct Told {
    const char *name;
    explicit Told(const char *name);
    ~Told();
};
