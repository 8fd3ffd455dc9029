import pino, { type DestinationStream, type Logger as PinoLogger } from 'pino';
import { Failure } from '@kneepoint/failures';

export type Logger = PinoLogger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  /** Which service speaks; on every line. */
  readonly service: string;
  readonly level: LogLevel;
  /** Lines for people instead of JSON. Default: JSON. */
  readonly pretty?: boolean;
  /** Where lines go. Default: standard error, which leaves standard output to results. */
  readonly destination?: DestinationStream;
}

/** What a line can be about; fields of child loggers. */
export interface LogContext {
  readonly run?: string;
  readonly step?: string;
  readonly attempt?: number;
  /** Id of the trace that the work is part of, where tracing is on. */
  readonly trace?: string;
}

/** A pino logger: one JSON object per line with `time` (ISO), `level` (name), `service`, `message`, `error`. */
export function createLogger({ service, level, pretty = false, destination }: LoggerOptions): Logger {
  const sink = destination ?? pino.destination({ dest: 2, sync: true });
  return pino(
    {
      level,
      base: { service },
      messageKey: 'message',
      errorKey: 'error',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError, err: describeError },
    },
    pretty ? prettyLines(sink) : sink,
  );
}

/** A logger whose lines carry the run, step and attempt that they are about. */
export function childLogger(logger: Logger, context: LogContext): Logger {
  return logger.child(context);
}

function describeError(error: unknown): unknown {
  if (error instanceof Failure) {
    return { ...error.toJSON(), ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }) };
  }
  return error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : error;
}

/** `12:00:01 warn  extractor  message  run=… step=…`. */
function prettyLines(sink: DestinationStream): DestinationStream {
  return {
    write(line: string) {
      const { time, level, service, message, error, ...rest } = JSON.parse(line) as Record<string, unknown>;
      const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${plain(value)}`);
      const trouble = error === undefined ? '' : ` ${plain(error)}`;
      const head = `${plain(time).slice(11, 19)} ${plain(level).padEnd(5)} ${plain(service)}`;
      sink.write(`${head}  ${plain(message ?? '')}${fields.join('')}${trouble}\n`);
    },
  };
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
