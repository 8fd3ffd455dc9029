{{- define "kneepoint.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "kneepoint.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- /* `kneepoint migrate`: brings the shared things to this version and waits for servers that are still starting. */ -}}
{{- define "kneepoint.migrate" -}}
{{- $args := list "migrate" "--wait" (toString .root.Values.migration.waitSeconds) -}}
{{- include "kneepoint.command" (dict "root" .root "image" .image "args" $args "settings" .settings) -}}
{{- end -}}

{{- /* A container that runs one command and ends: `root`, `image`, `args`, whose first gives it its name, the `settings` of its pod. */ -}}
{{- define "kneepoint.command" -}}
name: {{ first .args }}
image: {{ .image }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: {{ toJson .args }}
env:
  {{- include "kneepoint.env" .root | nindent 2 }}
  {{- with concat .root.Values.extraEnv (default list .settings.extraEnv) }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
envFrom: [{ configMapRef: { name: {{ include "kneepoint.fullname" .root }} } }]
securityContext:
  {{- include "kneepoint.containerSecurity" . | nindent 2 }}
resources:
  requests: { cpu: 100m, memory: 256Mi }
  limits: { memory: 512Mi }
volumeMounts:
  {{- include "kneepoint.volumeMounts" . | nindent 2 }}
{{- end -}}

{{- /* Labels that somebody else wants on a pod: `root`, the pod's `settings`. */ -}}
{{- define "kneepoint.podLabels" -}}
{{- with merge (dict) (default dict .settings.podLabels) .root.Values.podLabels }}{{ toYaml . }}{{ end }}
{{- end -}}

{{- define "kneepoint.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* A pod that runs one command and ends: `root`, the `component` that it is, its `args`, its `settings`. */ -}}
{{- define "kneepoint.commandPod" -}}
metadata:
  labels:
    {{- include "kneepoint.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
    kneepoint.dev/role: service
    {{- with include "kneepoint.podLabels" . }}
    {{- . | nindent 4 }}
    {{- end }}
  {{- with .settings.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  restartPolicy: OnFailure
  serviceAccountName: {{ include "kneepoint.ownServiceAccount" (dict "root" .root "name" .component "settings" .settings) }}
  automountServiceAccountToken: false
  {{- include "kneepoint.pullSecrets" .root | nindent 2 }}
  securityContext:
    {{- include "kneepoint.podSecurity" 10001 | nindent 4 }}
  containers:
    - {{- include "kneepoint.command" (dict "root" .root "image" (include "kneepoint.image" .root) "args" .args "settings" .settings) | nindent 6 }}
  volumes:
    {{- include "kneepoint.volumes" . | nindent 4 }}
    - name: data
      emptyDir: {}
{{- end -}}

{{- /*
A service: `root`, its `name`, its `settings`, its `ports`, of which the first answers /healthz and /readyz and `metrics` /metrics, the
replicas (none where something else scales it), its `image`, its own `env`.
*/ -}}
{{- define "kneepoint.deployment" -}}
{{- $full := include "kneepoint.fullname" .root -}}
{{- $probed := (first .ports).name -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $full }}-{{ .name }}
  labels:
    {{- include "kneepoint.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
spec:
  {{- if not .settings.autoscaling.enabled }}
  replicas: {{ .settings.replicas }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "kneepoint.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .name }}
  template:
    metadata:
      labels:
        {{- include "kneepoint.labels" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .name }}
        kneepoint.dev/role: service
        {{- with include "kneepoint.podLabels" . }}
        {{- . | nindent 8 }}
        {{- end }}
      annotations:
        # Pods are renewed when what they read at start has changed.
        checksum/config: {{ include (print .root.Template.BasePath "/configmap.yaml") .root | sha256sum }}
        checksum/given: {{ toJson (list .root.Values.database .root.Values.bus .root.Values.store .root.Values.auth) | sha256sum }}
        {{- with .settings.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "kneepoint.ownServiceAccount" . }}
      automountServiceAccountToken: false
      {{- include "kneepoint.pullSecrets" .root | nindent 6 }}
      securityContext:
        {{- include "kneepoint.podSecurity" 10001 | nindent 8 }}
      # 25 s to hand work back, 5 s before it for those that still send requests here, 5 s after it to close connections.
      terminationGracePeriodSeconds: 35
      {{- with .settings.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- $gpu := default dict .settings.gpu }}
      {{- if and $gpu.enabled $gpu.runtimeClassName }}
      runtimeClassName: {{ $gpu.runtimeClassName }}
      {{- end }}
      {{- with .settings.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if or .settings.tolerations $gpu.enabled }}
      tolerations:
        {{- with .settings.tolerations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- if $gpu.enabled }}
        - { key: {{ $gpu.resource }}, operator: Exists, effect: NoSchedule }
        {{- end }}
      {{- end }}
      {{- with .settings.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- with .settings.topologySpreadConstraints }}
        {{- toYaml . | nindent 8 }}
        {{- else }}
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "kneepoint.selector" .root | nindent 14 }}
              app.kubernetes.io/component: {{ .name }}
        {{- end }}
      initContainers:
        - {{- include "kneepoint.migrate" . | nindent 10 }}
      containers:
        - name: {{ .name }}
          image: {{ .image }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [{{ .name }}]
          env:
            {{- include "kneepoint.env" .root | nindent 12 }}
            {{- .env | nindent 12 }}
            {{- with concat .root.Values.extraEnv (default list .settings.extraEnv) }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          envFrom: [{ configMapRef: { name: {{ $full }} } }]
          ports:
            {{- range .ports }}
            - { name: {{ .name }}, containerPort: {{ .port }} }
            {{- end }}
          securityContext:
            {{- include "kneepoint.containerSecurity" . | nindent 12 }}
          startupProbe:
            httpGet: { path: /healthz, port: {{ $probed }} }
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: { path: /healthz, port: {{ $probed }} }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /readyz, port: {{ $probed }} }
            periodSeconds: 10
            timeoutSeconds: 10
          lifecycle:
            preStop: { exec: { command: [sleep, '5'] } }
          resources:
            {{- $limits := default dict .settings.resources.limits }}
            {{- if $gpu.enabled }}
            {{- $limits = merge (dict $gpu.resource $gpu.count) $limits }}
            {{- end }}
            {{- toYaml (set (deepCopy .settings.resources) "limits" $limits) | nindent 12 }}
          volumeMounts:
            {{- include "kneepoint.volumeMounts" . | nindent 12 }}
      volumes:
        {{- include "kneepoint.volumes" . | nindent 8 }}
        - name: data
          emptyDir: {{ ternary (dict "sizeLimit" (default dict .settings.scratch).sizeLimit) dict (hasKey .settings "scratch") | toJson }}
{{- end -}}
