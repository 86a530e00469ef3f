// What every module draws with: Preact's hooks, and htm's templates in place of JSX, so that nothing has to be compiled.
import { h, render, Fragment } from './lib/preact.js';
import htm from './lib/htm.js';

export * from './lib/hooks.js';
export { render, Fragment };
export const html = htm.bind(h);
