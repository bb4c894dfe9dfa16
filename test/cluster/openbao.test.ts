import { storeSuite } from './support/secret-store';

storeSuite('openbao');
