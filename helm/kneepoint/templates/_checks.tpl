{{- /* What the schema cannot say; each mistake is a sentence with its cure. */ -}}
{{- define "kneepoint.checks" -}}
{{- $given := dict
  "database" (list (or .Values.database.external.url .Values.database.external.existingSecret) .Values.database.bundled.enabled)
  "bus" (list (or .Values.bus.external.url .Values.bus.external.existingSecret) .Values.bus.bundled.enabled)
  "store" (list .Values.store.external.url .Values.store.bundled.enabled) -}}
{{- range $name, $pair := $given }}
{{- if and (first $pair) (last $pair) }}
{{- fail (printf "%s: both %s.external and %s.bundled are given; give one of them." $name $name $name) }}
{{- end }}
{{- if not (or (first $pair) (last $pair)) }}
{{- fail (printf "%s: neither %s.external nor %s.bundled is given; name your own with %s.external, or set %s.bundled.enabled=true for evaluation." $name $name $name $name $name) }}
{{- end }}
{{- end }}
{{- range $name := list "database" "bus" }}
{{- $external := (index $.Values $name).external }}
{{- if and $external.url $external.existingSecret }}
{{- fail (printf "%s: both %s.external.url and %s.external.existingSecret are given; give one of them." $name $name $name) }}
{{- end }}
{{- end }}
{{- with .Values.store.external }}
{{- if .url }}
{{- $keys := and .accessKey .secretKey }}
{{- if and .workloadIdentity (or .existingSecret .accessKey .secretKey) }}
{{- fail "store: both store.external.workloadIdentity and keys are given; give one of them." }}
{{- end }}
{{- if and .existingSecret (or .accessKey .secretKey) }}
{{- fail "store: both store.external.existingSecret and keys are given; give one of them." }}
{{- end }}
{{- if not (or .existingSecret $keys .workloadIdentity) }}
{{- fail "store: store.external.url is given without keys; name a Secret with store.external.existingSecret, give accessKey and secretKey, or let pods prove who they are with workloadIdentity=true." }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.bus.external.tls }}
{{- if ne (empty .certKey) (empty .keyKey) }}
{{- fail "bus: bus.external.tls has one of certKey and keyKey; give both or neither." }}
{{- end }}
{{- end }}
{{- if and .Values.gateway.ingress.enabled (not .Values.gateway.ingress.host) }}
{{- fail "gateway: the ingress is enabled without a host; set gateway.ingress.host." }}
{{- end }}
{{- if and .Values.gateway.httpRoute.enabled (not .Values.gateway.httpRoute.parentRefs) }}
{{- fail "gateway: the route is enabled without a Gateway that takes it; name one in gateway.httpRoute.parentRefs." }}
{{- end }}
{{- with .Values.auth }}
{{- if ne (empty .oidc.issuer) (empty .oidc.audience) }}
{{- fail "auth: auth.oidc has one of issuer and audience; give both or neither." }}
{{- end }}
{{- if and .adminToken.value .adminToken.existingSecret }}
{{- fail "auth: both auth.adminToken.value and auth.adminToken.existingSecret are given; give one of them." }}
{{- end }}
{{- end }}
{{- if and .Values.authority.existingSecret .Values.authority.existingConfigMap }}
{{- fail "authority: both authority.existingSecret and authority.existingConfigMap are given; give one of them." }}
{{- end }}
{{- range $name, $worker := fromYaml (include "kneepoint.workers" .) }}
{{- if and $worker.autoscaling.enabled (not $.Values.bus.bundled.enabled) (not $.Values.bus.external.monitoring) }}
{{- fail (printf "workers.%s: autoscaling reads the queue from NATS's monitoring port; set bus.external.monitoring to host:8222." $name) }}
{{- end }}
{{- if and $worker.gpu.enabled (eq $worker.provider "cpu") }}
{{- fail (printf "workers.%s: it has a GPU and the provider cpu, which leaves it idle; set one of them otherwise." $name) }}
{{- end }}
{{- if and (eq $worker.provider "cuda") (not $worker.gpu.enabled) }}
{{- fail (printf "workers.%s: the provider cuda fails without a GPU; set workers.%s.gpu.enabled=true." $name $name) }}
{{- end }}
{{- if and (eq $name "regressor") $worker.gpu.enabled }}
{{- fail "workers.regressor: curves are computed on the CPU, and a GPU would idle; leave gpu.enabled to the other workers." }}
{{- end }}
{{- end }}
{{- end -}}
