/** Names that no pipeline can have. */

/** Stacks of every environment, and the Python package that all jobs share. */
export const RESERVED_PIPELINE_NAMES: readonly string[] = ['network', 'streaming', 'processing', 'millrace'];

/** Top-level modules of the standard library of Python 3.11 (`sys.stdlib_module_names`) that could be names of pipelines. */
const STANDARD_LIBRARY = `
abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect
builtins bz2 calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall concurrent
configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal
difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch
fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html
http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale
logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis
nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools
pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd pyclbr pydoc pyexpat queue
quopri random re readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil
signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 ssl stat statistics string stringprep struct
subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap this
threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle turtledemo types
typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib
xml xmlrpc zipapp zipfile zipimport zlib zoneinfo
`;

/** Words of the language (`keyword.kwlist`), from which nothing can be imported. */
const KEYWORDS = `
and as assert async await break class continue def del elif else except finally for from global if import in is
lambda nonlocal not or pass raise return try while with yield
`;

const PACKAGES = ['conftest', 'py4j', 'pyspark'];

/**
 * Whether Python, Spark or pytest keeps this name: a package of that name could not be imported, or Spark itself would import it in place of
 * Python's.
 */
export const isPythonName = (name: string): boolean =>
  [...PACKAGES, ...`${STANDARD_LIBRARY} ${KEYWORDS}`.trim().split(/\s+/)].includes(name);
