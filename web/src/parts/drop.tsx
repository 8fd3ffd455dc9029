import { type DragEvent, type ReactNode, useRef, useState } from 'react';

export interface DroppedFile {
  /** With its folders, where it came in one. */
  readonly path: string;
  readonly file: File;
}

interface Props {
  readonly children: ReactNode;
  readonly accept?: string;
  /** Whether a folder is chosen, or an archive of one. */
  readonly folder?: boolean;
  readonly onFiles: (files: readonly DroppedFile[]) => void;
}

/** Where files are dropped, or chosen by who has no mouse. */
export function Drop({ children, accept, folder = false, onFiles }: Props): ReactNode {
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void filesOf(event.dataTransfer).then(onFiles);
  };
  return (
    <div
      className={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      {children}
      <div className="controls">
        {folder && <Chooser text="Choose a folder" onFiles={onFiles} attributes={{ webkitdirectory: '' }} />}
        <Chooser
          text={folder ? 'Choose an archive' : 'Choose files'}
          onFiles={onFiles}
          attributes={accept === undefined ? {} : { accept }}
        />
      </div>
    </div>
  );
}

interface ChooserProps extends Pick<Props, 'onFiles'> {
  readonly text: string;
  readonly attributes: Readonly<Record<string, string>>;
}

function Chooser({ text, attributes, onFiles }: ChooserProps): ReactNode {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        {text}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label={text}
        {...attributes}
        onChange={({ target }) => {
          const files = [...(target.files ?? [])];
          onFiles(files.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
          // The same again is a change, too.
          target.value = '';
        }}
      />
    </>
  );
}

/** Files that were dropped, those of folders too. */
async function filesOf({ items }: DataTransfer): Promise<readonly DroppedFile[]> {
  // Entries are gone once the event is over.
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return (await Promise.all(entries.map(below))).flat();
}

async function below(entry: FileSystemEntry): Promise<readonly DroppedFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ''), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(below))).flat();
}
