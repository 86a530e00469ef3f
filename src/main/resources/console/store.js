// A value that several components watch.
import { useEffect, useState } from './view.js';

export function store(value) {
  const watchers = new Set();
  return {
    get: () => value,
    set(next) {
      value = next;
      watchers.forEach((watch) => watch());
    },
    use() {
      const [, draw] = useState(0);
      useEffect(() => {
        const watch = () => draw((count) => count + 1);
        watchers.add(watch);
        return () => watchers.delete(watch);
      }, []);
      return value;
    },
  };
}
