{{- define "kneepoint.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- /* Short enough that every suffix still makes a valid name. */ -}}
{{- define "kneepoint.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "kneepoint.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* What selects every pod of this release. */ -}}
{{- define "kneepoint.selector" -}}
app.kubernetes.io/name: {{ include "kneepoint.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "kneepoint.labels" -}}
{{ include "kneepoint.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kneepoint.serviceAccount" -}}
{{- default (ternary (include "kneepoint.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- /* The account of one component, where it has one of its own: `root`, its `name`, its `settings`. */ -}}
{{- define "kneepoint.ownServiceAccount" -}}
{{- $own := .settings.serviceAccount -}}
{{- if $own.name }}{{ $own.name }}
{{- else if and .root.Values.serviceAccount.create $own.annotations }}{{ include "kneepoint.fullname" .root }}-{{ .name }}
{{- else }}{{ include "kneepoint.serviceAccount" .root }}
{{- end -}}
{{- end -}}

{{- /* What is asked for by its digest is that, whatever the tag says by now; the tag stays readable beside it. */ -}}
{{- define "kneepoint.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{- define "kneepoint.cudaImage" -}}
{{ .Values.cudaImage.repository }}:{{ default (printf "%s-cuda" .Chart.AppVersion) .Values.cudaImage.tag }}{{ with .Values.cudaImage.digest }}@{{ . }}{{ end }}
{{- end -}}

{{- /* Where people reach the gateway; empty when nobody said. */ -}}
{{- define "kneepoint.publicUrl" -}}
{{- $ingress := .Values.gateway.ingress -}}
{{- $route := .Values.gateway.httpRoute -}}
{{- if .Values.gateway.publicUrl -}}
{{- .Values.gateway.publicUrl -}}
{{- else if $ingress.enabled -}}
{{- ternary "https" "http" (ne $ingress.tlsSecret "") }}://{{ $ingress.host }}{{ trimSuffix "/" $ingress.path -}}
{{- else if and $route.enabled $route.hostnames -}}
https://{{ first $route.hostnames }}{{ trimSuffix "/" $route.path -}}
{{- end -}}
{{- end -}}

{{- /* The names of workers that are turned on, in YAML; each merged with the defaults by `kneepoint.worker`. */ -}}
{{- define "kneepoint.workers" -}}
{{- range $name := list "extractor" "regressor" "pruner" "trainer" }}
{{- $worker := fromYaml (include "kneepoint.worker" (dict "root" $ "name" $name)) }}
{{- if $worker.enabled }}
{{ $name }}:
{{- toYaml $worker | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "kneepoint.worker" -}}
{{- toYaml (mergeOverwrite (deepCopy .root.Values.workers.defaults) (deepCopy (index .root.Values.workers .name))) -}}
{{- end -}}
