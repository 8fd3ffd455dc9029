import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** What makes report.html outside of a browser: one module that needs nothing beside it. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: fileURLToPath(new URL('../dist/report', import.meta.url)),
    emptyOutDir: true,
    target: 'node20',
    lib: { entry: 'src/report/render.tsx', formats: ['es'], fileName: () => 'render.mjs' },
    minify: true,
    reportCompressedSize: false,
  },
});
