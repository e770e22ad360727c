/** Each tool that the machine lacks is one error with the command that installs it. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkNode, findJava, findPython, installHint } from '../../../tools/setup/requirements.mjs';
import { program, temporaryFolder, write } from './temporary.ts';

/** A Python that answers the one question it is asked. */
function python(version: string, { venv = true } = {}): string {
  const path = join(temporaryFolder(), 'python3');
  return program(path, `printf '%s\\n%s\\n%s\\n' "$0" ${version} ${venv ? 'True' : 'False'}`);
}

/** A Java that starts with the module that Spark needs, or does not. */
function java(version: string, { reduced = false } = {}): string {
  const home = temporaryFolder();
  write(join(home, 'release'), `IMPLEMENTOR="Example"\nJAVA_VERSION="${version}"\n`);
  program(join(home, 'bin', 'java'), reduced ? 'exit 1' : 'echo started');
  return home;
}

describe('Node', () => {
  test('20 and newer are accepted', () => {
    expect(() => checkNode('20.0.0')).not.toThrow();
    expect(() => checkNode('24.1.0')).not.toThrow();
  });

  test('an older one is refused with both versions and a command', () => {
    expect(() => checkNode('18.19.1')).toThrow(/Node 20 or newer is needed, this is 18\.19\.1\. Install it with: /);
  });
});

describe('Python', () => {
  test('the first that is new enough is taken', () => {
    const good = python('3.12.4');
    expect(findPython([python('3.9.2'), good, python('3.11.0')])).toEqual({ path: good, version: '3.12.4' });
  });

  test('one that is newer than the pinned packages know is taken only when there is no other', () => {
    const [newer, known] = [python('3.19.0'), python('3.13.1')];
    expect(findPython([newer, known]).path).toBe(known);
    expect(findPython([newer]).path).toBe(newer);
  });

  test('none at all is one error with the command', () => {
    expect(() => findPython([])).toThrow(
      /^Python 3\.11 or newer is needed \(none was found on the PATH\)\. Install it with: .*python/,
    );
  });

  test('one that is too old is named with its version', () => {
    const old = python('3.9.2');
    expect(() => findPython([old])).toThrow(`(${old} is 3.9.2)`);
  });

  test('one without venv gives the command for venv', () => {
    expect(() => findPython([python('3.11.2', { venv: false })])).toThrow(
      /Python 3\.11 is here, but without its venv module\. Install it with: /,
    );
  });
});

describe('Java', () => {
  test('17 is preferred to 21 wherever it is', () => {
    const [java21, java17] = [java('21.0.2'), java('17.0.9')];
    expect(findJava({}, [java21, java17])).toMatchObject({ home: java17, major: 17 });
    expect(findJava({}, [java21])).toMatchObject({ home: java21, major: 21 });
  });

  test('one in JAVA_HOME is found', () => {
    const home = java('17.0.9');
    expect(findJava({ JAVA_HOME: home, PATH: '' })).toMatchObject({ home, path: join(home, 'bin', 'java') });
  });

  test('one on the PATH is found, also behind a script that only says where it is', () => {
    const home = java('17.0.9');
    const shims = temporaryFolder();
    program(join(shims, 'java'), `echo '    java.home = ${home}' >&2`);
    expect(findJava({ PATH: shims })).toMatchObject({ home });
  });

  test('none at all is one error with the command', () => {
    expect(() => findJava({}, [])).toThrow(
      /^Java 17 is needed for Spark and Kafka; 21 works too \(none was found .*\)\. Install it with: .*openjdk/,
    );
  });

  test('others are named with their versions', () => {
    const homes = [java('11.0.2'), java('25.0.1')];
    expect(() => findJava({}, homes)).toThrow(`${homes[0]} is Java 11; ${homes[1]} is Java 25`);
  });

  test('a reduced runtime is refused, because Spark would fail on it later', () => {
    expect(() => findJava({}, [java('21.0.8', { reduced: true })])).toThrow('without the module jdk.incubator.vector');
  });
});

test('the command to install fits the operating system', () => {
  expect(installHint('openjdk-17-jre-headless', 'openjdk@17', 'darwin')).toBe(
    'Install it with: brew install openjdk@17',
  );
  expect(installHint('openjdk-17-jre-headless', 'openjdk@17', 'linux')).toContain(
    'sudo apt-get install openjdk-17-jre-headless',
  );
});
