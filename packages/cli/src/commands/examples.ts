import type { Command } from 'commander';

/** A line that can be typed as it stands, once names and files are one's own, and what it does. */
type Example = readonly [line: string, what: string];

/** At least one for each command, by its words; `npx` and the program's name are left out. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  demo: [
    ['demo', 'everything, on faces that it draws, then serve it until Ctrl-C'],
    ['demo --count 300 --epochs 3 --exit', 'a short one'],
  ],
  compress: [
    ['compress --model net.onnx --data photos --task class --out small', 'the smallest network that keeps 99 %'],
    [
      'compress --model net.onnx --data photos --task age --keep 97% --rounds 3 --out small',
      'another goal, a shorter search',
    ],
    [
      'compress --model net.onnx --data photos --task class --target macs=-80% --compare l1,random --out small',
      'a size',
    ],
    ['compress --model net.onnx --data photos --task class --quantize int8 --out small', 'in whole numbers at last'],
    [
      'compress --model net.onnx --data photos.tar --task class --preset torchvision --out small',
      'pixels as torchvision has them',
    ],
    [
      'compress --model net.onnx --data photos --task class --name nightly --label team=vision --out small',
      'to find it again',
    ],
  ],
  'model add': [
    ['model add net.onnx', 'called net; net.preprocess.json beside it says how pixels become the input'],
    [
      'model add net.onnx --name backbone --preset timm --size 224',
      'another name, usual preprocessing, a size that the file leaves free',
    ],
    ['model add --mlflow models:/backbone@champion', 'from an MLflow registry'],
  ],
  'model list': [['model list', 'names, sizes and digests']],
  'model check': [
    ['model check net --data photos --out seen', 'how the network sees pictures, and whether that looks right'],
  ],
  'model rename': [['model rename net backbone', 'another name; results stay']],
  'model remove': [['model remove net', 'take the name away']],
  'dataset add': [
    ['dataset add photos', 'a folder for each class, labels.csv, or another layout'],
    [
      'dataset add photos --group person --type age=continuous',
      'a person on one side of every split; a type that is not guessed',
    ],
  ],
  'dataset pack': [['dataset pack photos --out photos.tar', 'check here, send later']],
  'dataset list': [['dataset list', 'names, tasks and digests']],
  'dataset rename': [['dataset rename photos faces', 'another name; results stay']],
  'dataset remove': [['dataset remove photos', 'take the name away']],
  analyze: [
    ['analyze net photos', 'once for all tasks; `matrix`, `curves`, `plan` and `prune` read it'],
    ['analyze net photos --tasks age,gender', 'only these'],
  ],
  matrix: [['matrix photos net backbone', 'which network carries which task, by its best layer']],
  curves: [
    ['curves net photos age', 'error against number of filters, and the knee of each layer'],
    ['curves net photos age --epsilon 0.1 --layer conv4', 'a looser knee of one layer'],
  ],
  plan: [
    ['plan net photos age --epsilon 0.05', 'what would be cut, layer by layer, and what cannot be'],
    ['plan net photos age --target macs=-60%', 'the same for a size'],
  ],
  prune: [
    ['prune net photos age --epsilon 0.05 --out small', 'cut and proved, not trained'],
    ['prune net photos age,gender --target parameters=200k --out small', 'one network for two tasks'],
  ],
  finetune: [
    ['finetune net photos age --epochs 20 --out trained', 'the whole network for another task'],
    ['finetune net photos age --mode head --out trained', 'its head alone'],
  ],
  train: [
    [
      'train --data photos --tasks class --widths 16,pool,32,pool,64 --epochs 10 --out own.onnx',
      'a small network from fresh weights',
    ],
  ],
  reproduce: [
    ['reproduce --quick --out figures', 'the figures of the paper on drawn faces, a share of them'],
    [
      'reproduce --data photos --group person --model net.onnx=age --out figures',
      'of your own network, which was trained for age',
    ],
  ],
  benchmark: [['benchmark net backbone --runs 100', 'time them against each other in one run']],
  runs: [
    ['runs', 'the newest'],
    ['runs --label team=vision --state running,queued', 'those with a label that have not ended'],
    ['runs nightly --watch', 'follow the run of that name; Ctrl-C ends the watching alone'],
    ['runs --watch --json', 'every change of every run, a line of JSON each'],
    ['runs nightly --settle', 'end its search with the best so far'],
    ['runs nightly --cancel', 'end it'],
  ],
  get: [
    ['get nightly --out small', 'everything that a run made'],
    ['get 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 --out net.onnx', 'one file by its SHA-256'],
  ],
  package: [
    ['package nightly --answers labels --out deploy', 'the network with sample code, test images, Triton and KServe'],
  ],
  'export mlflow': [
    [
      'export mlflow nightly --tracking-uri http://localhost:5000 --register backbone',
      'a run and a version of a registry',
    ],
  ],
  inspect: [['inspect net.onnx', 'layers, costs, and what can be cut; no images needed']],
  surgery: [['surgery net.onnx --criterion l1 --ratio 0.5 --out half.onnx', 'half of every layer; no images needed']],
  faces: [['faces faces --count 600', 'draw a data set to try things on']],
  up: [
    ['up', 'page and API at http://localhost:4000, data in .kneepoint'],
    ['up --port 8080 --data-dir /srv/kneepoint', 'elsewhere'],
  ],
  login: [
    ['login --url https://kneepoint.example.org', 'ask for a token and keep it'],
    ['login --url https://kneepoint.example.org --device --profile work', 'by a browser, as a profile'],
  ],
  logout: [['logout --profile work', 'forget it']],
  whoami: [['whoami --profile work', 'who one is there, and what one may']],
  'token create': [['token create ci --role operator --expires 90d', 'for a pipeline']],
  'token list': [['token list', 'what they may, and when they were used last']],
  'token revoke': [['token revoke ID', 'opens nothing any more']],
  'project create': [['project create vision', 'a tenant of its own']],
  'project list': [['project list', 'those that you may see']],
  'webhook add': [['webhook add https://ci.example.org/hook --type run.succeeded', 'hear of runs that succeed']],
  'webhook list': [['webhook list', 'where events go']],
  'webhook set': [['webhook set ID --off', 'keep what comes for later']],
  'webhook remove': [['webhook remove ID', 'and what waits for it']],
  'webhook rotate': [['webhook rotate ID --overlap 0', 'a new secret, at once']],
  'webhook test': [['webhook test ID', 'send an event that means nothing']],
  'webhook deliveries': [['webhook deliveries ID --state failed', 'what did not arrive, and why']],
  'webhook redeliver': [['webhook redeliver DELIVERY', 'send it again']],
  gateway: [['gateway --port 4000', 'DATABASE_URL, BUS_URL and ARTIFACTS_URL are set']],
  extractor: [['extractor --health-port 4001', 'as many as there are images to read']],
  regressor: [['regressor --health-port 4002', 'as many as there are layers and tasks to fit']],
  pruner: [['pruner --health-port 4003', 'one or two']],
  trainer: [['trainer --health-port 4004 --provider cuda', 'on a GPU']],
  migrate: [['migrate --wait 120', 'before services of a new version start']],
  doctor: [['doctor', 'try everything that the settings lead to']],
  gc: [['gc --older-than 7d --dry-run', 'what would go']],
  completion: [
    [
      'completion bash > ~/.local/share/bash-completion/completions/kneepoint',
      'bash, with its package bash-completion and that folder there',
    ],
    ['completion zsh > ~/.zfunc/_kneepoint', 'zsh, with ~/.zfunc in fpath before compinit'],
    ['completion fish > ~/.config/fish/completions/kneepoint.fish', 'fish'],
  ],
};

/** Puts examples below the help of every command that has some. */
export function addExamples(program: Command): void {
  for (const [words, command] of commandsOf(program)) {
    const examples = EXAMPLES[words];
    if (examples === undefined) continue;
    const lines = examples.map(([line, what]) => `  # ${what}\n  ${program.name()} ${line}`);
    command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  }
}

/** Commands that do something, by their words. */
export function commandsOf(parent: Command, before = ''): readonly (readonly [string, Command])[] {
  return parent.commands.flatMap((command) => {
    const words = `${before}${command.name()}`;
    return command.commands.length > 0 ? commandsOf(command, `${words} `) : [[words, command] as const];
  });
}
