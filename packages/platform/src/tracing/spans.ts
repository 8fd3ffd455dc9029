import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { VERSION } from '../version.ts';

/** Trace context as it travels: `traceparent`, and `tracestate` where there is one (W3C). */
export type TraceHeaders = Readonly<Record<string, string>>;

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** What it is part of; default: the span around it. */
  readonly parent?: TraceHeaders;
}

/** The trace context of here and now; empty while nothing is traced. */
export function traceHeaders(): TraceHeaders {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** Id of the trace of here and now, for logs. */
export function traceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}

/** Marks the span of here and now as failed, for a failure that is returned instead of thrown. */
export function failSpan(code: string): void {
  trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR, message: code });
}

/** Does work in a span of its own; costs next to nothing while tracing is off. What the work throws ends the span as an error. */
export function inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const { kind, attributes, parent } = options;
  const around = parent === undefined ? context.active() : propagation.extract(ROOT_CONTEXT, parent);
  const settings = { ...(kind === undefined ? {} : { kind }), ...(attributes === undefined ? {} : { attributes }) };
  return trace.getTracer('kneepoint', VERSION).startActiveSpan(name, settings, around, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: String((error as { code?: unknown }).code ?? error) });
      throw error;
    } finally {
      span.end();
    }
  });
}
