export default {
  define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}' },
  build: { target: 'esnext', minify: false, chunkSizeWarningLimit: 100_000 },
  logLevel: 'error',
};
