interface HeadRowProps {
  /** Of the columns, the empty one too. */
  readonly names: readonly string[];
  readonly classOf?: (column: number) => string | undefined;
}

/** What the columns of a table are called. */
export function HeadRow({ names, classOf }: HeadRowProps) {
  return (
    <thead>
      <tr>
        {names.map((name, at) => (
          <th key={`${at} ${name}`} scope="col" className={classOf?.(at)}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
