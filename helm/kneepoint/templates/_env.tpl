{{- /* What every process shares; secrets come from Secrets, and `$(NAME)` is put in by the kubelet. */ -}}
{{- define "kneepoint.env" -}}
{{- $full := include "kneepoint.fullname" . -}}
{{- if or .Values.authority.existingSecret .Values.authority.existingConfigMap }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/kneepoint/authority/{{ .Values.authority.key }}
{{- end }}
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
{{- if not .external.workloadIdentity }}
{{- $secret := ternary (printf "%s-bundled" $full) (default $full .external.existingSecret) .bundled.enabled }}
{{- $own := and (not .bundled.enabled) (ne .external.existingSecret "") }}
- name: MINIO_ACCESS_KEY
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ ternary .external.accessKeyKey "MINIO_ACCESS_KEY" $own }} } }
- name: MINIO_SECRET_KEY
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ ternary .external.secretKeyKey "MINIO_SECRET_KEY" $own }} } }
{{- end }}
{{- end }}
{{- end -}}

{{- /* What the gateway alone knows: who administers it, and who says who people are. */ -}}
{{- define "kneepoint.authEnv" -}}
{{- with .Values.auth -}}
- name: KNEEPOINT_ADMIN_TOKEN
  valueFrom: { secretKeyRef: { name: {{ default (printf "%s-admin" (include "kneepoint.fullname" $)) .adminToken.existingSecret }}, key: {{ .adminToken.key }} } }
{{- with .oidc }}
{{- range $name, $value := dict "ISSUER" .issuer "AUDIENCE" .audience "CLIENT_ID" .clientId "JWKS_URL" .jwksUrl "PROJECT_CLAIM" .projectClaim "ROLE_CLAIM" .roleClaim }}
{{- if $value }}
- { name: KNEEPOINT_OIDC_{{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}
{{- if .roles }}
{{- $roles := list }}
{{- range $value, $role := .roles }}
{{- $roles = append $roles (printf "%s=%s" $value $role) }}
{{- end }}
- { name: KNEEPOINT_OIDC_ROLES, value: {{ join "," $roles | quote }} }
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* `root`, the `settings` of the pod. */ -}}
{{- define "kneepoint.volumes" -}}
{{- with .root.Values.authority }}
{{- if .existingSecret }}
- name: authority
  secret: { secretName: {{ .existingSecret }} }
{{- else if .existingConfigMap }}
- name: authority
  configMap: { name: {{ .existingConfigMap }} }
{{- end }}
{{- end }}
{{- with .root.Values.bus.external }}
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
{{- with concat .root.Values.extraVolumes (default list .settings.extraVolumes) }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kneepoint.volumeMounts" -}}
{{- if or .root.Values.authority.existingSecret .root.Values.authority.existingConfigMap }}
- { name: authority, mountPath: /etc/kneepoint/authority, readOnly: true }
{{- end }}
{{- with .root.Values.bus.external }}
{{- if .credentials.existingSecret }}
- { name: nats-credentials, mountPath: /etc/kneepoint/nats-credentials, readOnly: true }
{{- end }}
{{- if .tls.existingSecret }}
- { name: nats-tls, mountPath: /etc/kneepoint/nats-tls, readOnly: true }
{{- end }}
{{- end }}
- { name: tmp, mountPath: /tmp }
- { name: data, mountPath: /data }
{{- with concat .root.Values.extraVolumeMounts (default list .settings.extraVolumeMounts) }}
{{ toYaml . }}
{{- end }}
{{- end -}}
