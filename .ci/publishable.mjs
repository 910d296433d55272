// Refuses to publish with the placeholders of package.json, whose domain cannot exist (RFC 2606).
import { readFileSync } from 'node:fs';

const { homepage, repository, bugs } = JSON.parse(readFileSync('package.json', 'utf8'));
const placeholders = [homepage, repository.url, bugs.url].filter((url) => /\.example\//.test(url));
if (placeholders.length > 0) {
  console.error(`package.json has placeholders: ${placeholders.join(', ')}. See CONTRIBUTING.md, Publishing.`);
  process.exitCode = 1;
}
