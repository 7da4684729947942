// The same without the fault must compile, so that the test of narrowing.cpp fails for the right reason only.
long long widened(int narrow);
long long widened(int narrow) {
  long long wide = narrow;
  return wide;
}
