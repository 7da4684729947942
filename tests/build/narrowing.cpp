// Must not compile: warnings are errors in this tree.
int narrowed(long long wide);
int narrowed(long long wide) {
  int narrow = wide;
  return narrow;
}
