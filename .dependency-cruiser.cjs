/**
 * The layers of the TypeScript half: who may import whom, checked by dependency-cruiser in `npm test`.
 * Imports go down only: declaration; constructs, subsystem by subsystem; stacks; bin. Handlers know their core, the local run knows declarations and cdk.out.
 */
const CDK = '(^|/)node_modules/(aws-cdk-lib|constructs|@aws-cdk/(?!cloud-assembly-)[^/]+|cdk-nag)/';
const PACKAGES = '(^|/)node_modules/';
/** Parts of Node itself. */
const CORE = ['core'];

/** Files of one layer may import each other, the layers named, and packages. */
function layer(name, comment, from, ...allowed) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: from },
    to: { pathNot: [PACKAGES, from, ...allowed], dependencyTypesNot: CORE },
  };
}

function never(name, comment, from, to) {
  return { name, comment, severity: 'error', from: { path: from }, to: { path: to } };
}

/** Folders of lib/constructs from the bottom up; what is on one level knows nothing of the other there. */
const SUBSYSTEMS = ['functions', 'storage', 'network', 'kafka|registry|database', 'kinds', 'contracts', 'spark|connect', 'workflow', 'observability'];

module.exports = {
  forbidden: [
    layer('declaration-is-the-bottom', 'A declaration is data and its validation.', '^lib/declaration/'),
    layer('pipelines-declare', 'A pipeline says what it is, nothing else.', '^pipelines/[^/]+/(?!tests/)', '^lib/declaration/'),
    never('nobody-imports-a-pipeline', 'A pipeline is found by its folder, so that it can go with its folders.', '^(?!pipelines/)', '^pipelines/'),
    {
      name: 'pipelines-know-nothing-of-each-other',
      comment: 'The tests of a pipeline know it and what all share.',
      severity: 'error',
      from: { path: '^pipelines/([^/]+)/' },
      to: { path: '^pipelines/', pathNot: '^pipelines/$1/' },
    },
    layer('constructs-over-declaration', 'Constructs know declarations only.', '^lib/constructs/', '^lib/declaration/'),
    ...SUBSYSTEMS.map((level, index) => ({
      name: 'subsystems-go-down',
      comment: `A subsystem knows those below it: ${SUBSYSTEMS.join(', ')}.`,
      severity: 'error',
      from: { path: `^lib/constructs/(${level})/` },
      to: { path: `^lib/constructs/(${SUBSYSTEMS.slice(index).join('|')})/`, pathNot: '^lib/constructs/$1/' },
    })),
    layer('stacks-compose', 'Stacks compose constructs for an environment.', '^lib/stacks/', '^lib/(declaration|constructs)/', '^config/environment\\.ts$'),
    layer('config-is-data', 'An environment file is typed data.', '^config/', '^lib/declaration/'),
    never('nobody-imports-the-app', 'bin is the top.', '^(?!bin/|test/|pipelines/[^/]+/tests/)', '^bin/'),
    never('only-the-app-imports-stacks', 'Stacks are for the app and its tests.', '^(?!bin/|test/|pipelines/[^/]+/tests/|lib/(app\\.ts$|stacks/))', '^lib/stacks/'),
    {
      name: 'handlers-know-their-core',
      comment: 'A handler and its core are one folder, bundled alone; custom resources share their lifecycle, all share how Kafka is reached.',
      severity: 'error',
      from: { path: '^lambda/([^/]+)/' },
      to: { pathNot: [PACKAGES, '^lambda/($1|custom-resource|kafka)/', '^lib/declaration/'], dependencyTypesNot: CORE },
    },
    layer('tools-know-declarations', 'Set-up, scaffold, cost and client settings know declarations and environments.', '^tools/', '^(lib/declaration|config)/'),
    layer('local-reads-the-assembly', 'The local run knows declarations, environments, tools and cdk.out.', '^local/', '^(lib/declaration|config|tools)/'),
    never('only-commands-know-the-page', 'Nothing but commands needs the page.', '^(?!local/(watch|cli)/|test/|pipelines/[^/]+/tests/)', '^local/watch/'),
    never('the-page-watches-what-is-there', 'What watches reads records, topics and what was counted; it starts nothing.', '^local/watch/', '^local/cli/'),
    never('no-cdk-below-the-app', 'Only constructs, stacks, the app and their tests know the CDK.', '^(lib/declaration/|pipelines/[^/]+/(?!tests/)|config/|lambda/|local/|tools/)', CDK),
    never('no-test-code-in-the-product', 'Test code stays in tests.', '^(bin/|config/|lib/|lambda/|local/|tools/|pipelines/[^/]+/(?!tests/))', '^test/'),
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-missing-module',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules'] },
    // What runs in a browser is held to its layer by a test of its bundle: this parser does not read it.
    exclude: { path: ['^build/', '^cdk\\.out', '^\\.millrace/', '^local/watch/page/'] },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.json', '.d.ts'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
