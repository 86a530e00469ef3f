// Hooks that fetch: one answer that may be asked for again and again, and a list that grows page by page.
import { all, get, query } from './api.js';
import { useCallback, useEffect, useRef, useState } from './view.js';

/** { data, problem, loading, reload } of one path; null: nothing to fetch. With `every` it stays live while it is looked at. */
export function useGet(path, { every } = {}) {
  const [state, setState] = useState({ data: null, problem: null, loading: true });
  const asked = useRef(0);
  const reload = useCallback(async () => {
    const mine = ++asked.current;
    if (path === null) return setState({ data: null, problem: null, loading: false });
    try {
      const data = await get(path);
      if (mine === asked.current) setState({ data, problem: null, loading: false });
    } catch (problem) {
      if (mine === asked.current) setState((before) => ({ ...before, problem, loading: false }));
    }
  }, [path]);
  useEffect(() => {
    setState((before) => ({ ...before, loading: true }));
    reload();
    return () => asked.current++;
  }, [reload]);
  useLive(reload, every);
  return { ...state, reload };
}

/** Pages that are not full and not the last, as those of a search through many rows are, are followed at once: so many. */
const FOLLOWED = 5;

/** { rows, problem, loading, more, reload } of a list; `more` is null when that was all. */
export function useList(path, values = {}, { every, limit = 50 } = {}) {
  const asking = path + query({ ...values, limit });
  const [state, setState] = useState({ rows: null, cursor: null, pages: 1, problem: null, loading: true });
  const asked = useRef(0);
  const load = useCallback(
    async (cursor, before) => {
      const mine = ++asked.current;
      setState((now) => ({ ...now, loading: true }));
      try {
        const rows = [...before];
        let next = cursor;
        for (let i = 0; i === 0 || (next && i < FOLLOWED && rows.length < before.length + limit); i++) {
          const page = await get(asking + (next ? '&cursor=' + encodeURIComponent(next) : ''));
          if (mine !== asked.current) return;
          rows.push(...page.data);
          next = page.next_cursor;
        }
        setState((now) => ({
          rows,
          cursor: next,
          pages: cursor ? now.pages + 1 : 1,
          problem: null,
          loading: false,
        }));
      } catch (problem) {
        if (mine === asked.current) setState((now) => ({ ...now, problem, loading: false }));
      }
    },
    [asking, limit],
  );
  useEffect(() => {
    setState((now) => ({ ...now, rows: null, problem: null }));
    load(null, []);
    return () => asked.current++;
  }, [load]);
  // Whoever has paged on reads, and is not to be thrown back to the first page.
  useLive(() => state.pages === 1 && !state.loading && load(null, []), every);
  return {
    ...state,
    reload: () => load(null, []),
    more: state.cursor && state.rows ? () => load(state.cursor, state.rows) : null,
  };
}

/** A list as choices and for lookups, fetched whole. */
export function useAll(path) {
  const [rows, setRows] = useState([]);
  useEffect(() => {
    let wanted = true;
    if (path) all(path).then((found) => wanted && setRows(found), () => {});
    return () => (wanted = false);
  }, [path]);
  return rows;
}

/** A function from an id to a name, as far as the names are known. */
export function useNames(path, name = 'name') {
  const rows = useAll(path);
  return (id) => {
    if (id === null || id === undefined) return '–';
    return rows.find((row) => row.id === id)?.[name] ?? '#' + id;
  };
}

function useLive(reload, every) {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    if (!every) return undefined;
    const timer = setInterval(() => document.hidden || latest.current(), every);
    return () => clearInterval(timer);
  }, [every]);
}
