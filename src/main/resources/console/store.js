// A value that several components watch.
import { useLayoutEffect, useState } from './view.js';

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
      // before anything else can happen: a change between drawing and watching would never be drawn
      useLayoutEffect(() => {
        const watch = () => draw((count) => count + 1);
        watchers.add(watch);
        return () => watchers.delete(watch);
      }, []);
      return value;
    },
  };
}
