{{- /* What every process shares; secrets come from Secrets, and `$(NAME)` is put in by the kubelet. */ -}}
{{- define "kneepoint.env" -}}
{{- $full := include "kneepoint.fullname" . -}}
{{- with .Values.database }}
{{- if .bundled.enabled }}
- name: POSTGRES_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ $full }}-bundled, key: POSTGRES_PASSWORD } }
- name: DATABASE_URL
  value: postgres://kneepoint:$(POSTGRES_PASSWORD)@{{ $full }}-postgres:5432/kneepoint
{{- else }}
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ default $full .external.existingSecret }}, key: {{ ternary .external.key "DATABASE_URL" (ne .external.existingSecret "") }} } }
{{- end }}
{{- end }}
{{- with .Values.bus }}
{{- if .bundled.enabled }}
- name: NATS_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ $full }}-bundled, key: NATS_PASSWORD } }
- name: BUS_URL
  value: nats://kneepoint:$(NATS_PASSWORD)@{{ $full }}-nats:4222
{{- else }}
- name: BUS_URL
  valueFrom: { secretKeyRef: { name: {{ default $full .external.existingSecret }}, key: {{ ternary .external.key "BUS_URL" (ne .external.existingSecret "") }} } }
{{- if .external.credentials.existingSecret }}
- name: NATS_CREDENTIALS
  value: /etc/kneepoint/nats-credentials/{{ .external.credentials.key }}
{{- end }}
{{- with .external.tls }}
{{- if .existingSecret }}
- name: NATS_CA_FILE
  value: /etc/kneepoint/nats-tls/{{ .caKey }}
{{- if .certKey }}
- name: NATS_CERT_FILE
  value: /etc/kneepoint/nats-tls/{{ .certKey }}
- name: NATS_KEY_FILE
  value: /etc/kneepoint/nats-tls/{{ .keyKey }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.store }}
{{- $secret := ternary (printf "%s-bundled" $full) (default $full .external.existingSecret) .bundled.enabled }}
{{- $own := and (not .bundled.enabled) (ne .external.existingSecret "") }}
- name: MINIO_ACCESS_KEY
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ ternary .external.accessKeyKey "MINIO_ACCESS_KEY" $own }} } }
- name: MINIO_SECRET_KEY
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ ternary .external.secretKeyKey "MINIO_SECRET_KEY" $own }} } }
{{- end }}
{{- end -}}

{{- define "kneepoint.volumes" -}}
{{- with .Values.bus.external }}
{{- if .credentials.existingSecret }}
- name: nats-credentials
  secret: { secretName: {{ .credentials.existingSecret }} }
{{- end }}
{{- if .tls.existingSecret }}
- name: nats-tls
  secret: { secretName: {{ .tls.existingSecret }} }
{{- end }}
{{- end }}
- name: tmp
  emptyDir: {}
{{- end -}}

{{- define "kneepoint.volumeMounts" -}}
{{- with .Values.bus.external }}
{{- if .credentials.existingSecret }}
- { name: nats-credentials, mountPath: /etc/kneepoint/nats-credentials, readOnly: true }
{{- end }}
{{- if .tls.existingSecret }}
- { name: nats-tls, mountPath: /etc/kneepoint/nats-tls, readOnly: true }
{{- end }}
{{- end }}
- { name: tmp, mountPath: /tmp }
- { name: data, mountPath: /data }
{{- end -}}
