/** Virtual time: things that will happen, earliest first; at the same moment in the order they were planned. */
export type EventQueue<T> = {
  plan(atMs: number, event: T): void;
  /** The next thing, or undefined when nothing is left. */
  next(): { atMs: number; event: T } | undefined;
};

type Entry<T> = { atMs: number; order: number; event: T };

export function createEventQueue<T>(): EventQueue<T> {
  const heap: Entry<T>[] = [];
  let planned = 0;
  const earlier = (a: Entry<T>, b: Entry<T>) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

  return {
    plan(atMs, event) {
      const entry = { atMs, order: planned++, event };
      let place = heap.length;
      heap.push(entry);
      while (place > 0) {
        const above = (place - 1) >> 1;
        const parent = heap[above] as Entry<T>;
        if (!earlier(entry, parent)) break;
        heap[place] = parent;
        place = above;
      }
      heap[place] = entry;
    },
    next() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first;
      let place = 0;
      for (;;) {
        let child = 2 * place + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && earlier(heap[child + 1] as Entry<T>, heap[child] as Entry<T>))
          child += 1;
        if (!earlier(heap[child] as Entry<T>, last)) break;
        heap[place] = heap[child] as Entry<T>;
        place = child;
      }
      heap[place] = last;
      return first;
    },
  };
}
